"""How fast, how small, how bounded: our renderer beside other ways to make the same invoice.

    python -m benchmarks full | quick | bounds | profile LINES | …

invoices    CarrierX's JSON for an invoice of so many lines, the same for the same seed
bill        what every peer prints, read from that JSON with nothing but the standard library
peers/      one engine in a file: JSON bytes in, PDF bytes out
worker      one engine in one process of its own, for as long as the run lasts
crew        the workers: started, given work, measured, ended in time
memory      resident memory and processor time of a process and its children
sample      one measurement
rounds      each round gives one invoice to every engine, in an order that turns
figures     medians, spreads, ratios of one round, exponents
proof       whether a PDF holds the whole bill: a race with a broken page is worth nothing
targets     what we want to reach
machine     what it was measured on, and how quiet that was
results     what was measured, kept as JSON
tables      the figures as tables in Markdown
report      docs/performance.md
plot        time and memory against lines, as SVG
bounds      memory of very long invoices, growth of time, five thousand renders in a row
stages      where our own time goes
"""
