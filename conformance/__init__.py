"""Every kind of document that we make, judged by veraPDF: PDF/A-3a and PDF/UA-1.

documents  the files: the gallery, every language and paper, and many by chance
verapdf    the judge: Maven brings it, one Java process looks at all of the files
"""
