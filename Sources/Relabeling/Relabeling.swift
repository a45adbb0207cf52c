// Relabeling owns what labels are: their order, their equality, how stamps are put on them, and what is left of a
// target once they are final. It does no I/O, knows no clock and no file; the relabelling rules of Prometheus join it
// here.
