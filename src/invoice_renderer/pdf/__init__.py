"""HTML to PDF bytes: the only package that imports WeasyPrint.

assets      what a page may ask for: files of the template, the seller's logo, nothing else
fonts       where the bundled fonts are, and which characters they have
stylesheets a template's CSS for one paper and one brand, parsed once
complaints  what WeasyPrint logs as an error, kept apart by thread
engine      one render: complete, deterministic and bounded, or an error

stamping    pages composed of what was laid out before, and the layouts that are missing for it:
outline     a page of HTML as a flow of pieces and rows
skeleton    a piece taken apart: tags, and what differs from invoice to invoice
selectors   what a style asks for that stamping does not keep
capture     a page that WeasyPrint laid out, read into a book; source, lines, edges and the
            readers of texts, ink, pieces and rows are its parts
stencil     pieces, rows and page frames with holes for texts
book        what is known of one style
shaping     a line of text to glyphs, as WeasyPrint draws them
rows        the rows of a table, and their tags
composition an invoice set from a book, and parted into pages
press       a composition to pages that WeasyPrint writes

finishing   from WeasyPrint's objects to the bytes of an archivable, accessible file:
boxes       what only WeasyPrint's boxes know of its tags: page breaks and languages
structure   WeasyPrint's tags, read, simplified and joined into one tree
tables      what the header cells of a table head
tagging     that tree written into the file
attachments files inside the file
archive     metadata: PDF/A-3a and PDF/UA-1
file        objects to bytes, each once
objects     what pydyf does not offer
"""
