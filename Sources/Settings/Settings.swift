// Settings owns the configuration files: what may stand in agent.yml, collector.yml and web.yml, what each key means
// when it is left out, and the sentence a person reads when something is wrong. It turns a file into values that need
// no further checking, or into every problem it found, each with file, line, column, what was found and what was
// expected. Nothing is ever ignored: a key this version does not know is an error, a key of Prometheus it does not
// support yet is one by name. It reads the files named in the configuration only as far as needed to say that they
// will be usable.
