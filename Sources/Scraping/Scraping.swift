// Scraping decides when each target is asked and turns every attempt into one record. This room owns schedules, the
// loop per target, the request headers of a scrape, the comparison of target lists, and the last scrape before the
// process ends. How a body travels is HTTPClient's, what becomes of a record its owner's business.
