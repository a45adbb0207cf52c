// PrometheusInstrumentation owns how a Swift program counts and measures itself for Prometheus: metric types whose
// handles are safe to use from any thread, the registry that checks their names once and lists them, collectors for
// what is only known when asked, and the page in the text format. It depends on the standard library alone, listens
// nowhere, keeps no global state, and no call on a handle, whatever its arguments, can stop the program.
