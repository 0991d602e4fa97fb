# What the benchmarks say of many measurements, for jq's include.

# at($p): of a list of numbers, the one below which are $p of them: 0.5 is the median
def at($p): sort | .[((length - 1) * $p) | round];

# ms: of us
def ms: . / 10 | round / 100;

# gaps: of a list of us
def gaps: "p50 \(at(0.5) | ms) p99 \(at(0.99) | ms) max \(at(1) | ms) ms";

# lost: of a list of numbers of packets
def lost: "lost p50 \(at(0.5)) max \(at(1))";
