// Discovery owns the way from settings to targets: it finds addresses (written down, in files, behind URLs, in DNS), each
// source for itself and none ever emptied by an error, builds the labels of each target as Prometheus does, applies the
// rules, checks what only the finished labels show, and joins targets that turn out to be one.
