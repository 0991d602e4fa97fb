# How the benchmarks sum up many measurements; for jq's include.

# at($p): the number of a list below which the share $p of them lies: 0.5 is the median
def at($p): sort | .[((length - 1) * $p) | round];

# ms: microseconds as milliseconds
def ms: . / 10 | round / 100;

# gaps: a list of microseconds as text
def gaps: "p50 \(at(0.5) | ms) p99 \(at(0.99) | ms) max \(at(1) | ms) ms";

# lost: a list of numbers of lost packets as text
def lost: "lost p50 \(at(0.5)) max \(at(1))";
