"""HTML to PDF bytes: the only package that imports WeasyPrint.

assets      what a page may ask for: files of the template, the seller's logo, nothing else
fonts       where the bundled fonts are, and which characters they have
stylesheets a template's CSS for one paper and one brand, parsed once
complaints  what WeasyPrint logs as an error, kept apart by thread
engine      one render: complete, deterministic and bounded, or an error

stamping    which stencil a page goes through, if it goes through one:
skeleton    HTML taken apart: tags, and what differs from invoice to invoice
fold        a long table with slots in the place of its rows, page by page
selectors   what a style asks for that stamping does not keep
capture     a page that WeasyPrint laid out, made into a stencil
source, lines, page_reader, row_reader    what that reads of the page, its lines and its rows
stencil     pages, lines and rows with holes for texts
shaping     a line of text to glyphs, as WeasyPrint draws them
rows        the rows of a long table, and their tags
press       a stencil and an invoice's texts to pages

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
