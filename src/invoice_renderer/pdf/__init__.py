"""HTML to PDF bytes: the only package that imports WeasyPrint.

assets      what a page may ask for: files of the template, the seller's logo, nothing else
fonts       where the bundled fonts are, and which characters they have
stylesheets a template's CSS for one paper and one brand, parsed once
complaints  what WeasyPrint logs as an error, kept apart by thread
engine      one render: complete, deterministic and bounded, or an error
"""
