// Discovery owns the way from settings to targets: it finds addresses (static_configs today), builds the labels of
// each as Prometheus does, checks what only the finished labels show, and joins targets that turn out to be one. It
// opens no connection and knows no clock.
