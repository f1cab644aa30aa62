"""What makes the file one for the archive: PDF/A-3a and PDF/UA-1, said in one block of metadata.

WeasyPrint writes one variant to a file. PDF/UA's name is not known to PDF/A, so the metadata
describes it in an extension schema (ISO 19005-3, 6.6.2.3.3).
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import Any
from uuid import UUID

import pydyf

PRINT = 4  # annotation flag: the area of a link exists on paper, too
PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="r"?>'
RDF = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaid:part>3</pdfaid:part>
<pdfaid:conformance>A</pdfaid:conformance>
<pdfuaid:part>1</pdfuaid:part>
{properties}
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>The part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""


def declare_conformance(metadata: Any, pdf: pydyf.PDF, *, source: bytes) -> None:
    """Metadata and output intent; ``source`` identifies the document."""
    content = PACKET.format(RDF.format(properties="\n".join(_properties(metadata, pdf, source))))
    stream = pydyf.Stream([content.encode()], {"Type": "/Metadata", "Subtype": "/XML"})
    pdf.add_object(stream)  # not compressed: any tool can find it
    pdf.catalog["Metadata"] = stream.reference
    for intent in pdf.catalog["OutputIntents"]:
        intent["S"] = "/GTS_PDFA1"


def print_annotations(pdf: pydyf.PDF) -> None:
    """As PDF/A asks of them (ISO 19005-3, 6.3.2)."""
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and each.get("Type") == "/Annot":
            each["F"] = PRINT


def _properties(metadata: Any, pdf: pydyf.PDF, source: bytes) -> list[str]:
    """The same values as in the document information, as PDF/A wants them."""
    identifier = UUID(bytes=hashlib.sha256(source).digest()[:16], version=5)
    properties = [
        _language_alternative("dc:title", metadata.title),
        _list("dc:creator", "Seq", ", ".join(metadata.authors)),
        _list("dc:language", "Bag", metadata.lang),
        _language_alternative("dc:description", metadata.description),
        _plain("pdf:Keywords", ", ".join(metadata.keywords)),
        _plain("pdf:Producer", pdf.info["Producer"].string),
        _plain("xmp:CreatorTool", metadata.generator),
        _plain("xmp:CreateDate", metadata.created),
        _plain("xmp:ModifyDate", metadata.modified),
        _plain("xmpMM:DocumentID", f"uuid:{identifier}"),
    ]
    return [each for each in properties if each]


def _plain(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else ""


def _list(name: str, kind: str, value: str | None) -> str:
    if not value:
        return ""
    return f"<{name}><rdf:{kind}><rdf:li>{escape(value)}</rdf:li></rdf:{kind}></{name}>"


def _language_alternative(name: str, value: str | None) -> str:
    if not value:
        return ""
    item = f'<rdf:li xml:lang="x-default">{escape(value)}</rdf:li>'
    return f"<{name}><rdf:Alt>{item}</rdf:Alt></{name}>"
