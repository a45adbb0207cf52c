// Exposition owns what can be known about a scrape body without a clock, a label model or a network: which format a
// Content-Type announces, where the lines of a body lie and what the parts of a sample line are, and how a copy of a
// body gets the scrape's time written on every sample. It is as lenient as the most lenient reader that matters and
// never judges: what it does not understand is handed through as it is. Pages of several scrapes are the one exception:
// there a scrape that Prometheus would refuse would cost the others, so `Pages` reads as strictly as Prometheus does.
