import Relabeling
import Testing

struct TargetTests {
    @Test func `the url is scheme, address, path and query`() {
        var target = Target(labels: Labels([("job", "a")]), jobName: "a", address: "h:9100")
        #expect(target.url == "http://h:9100/metrics")
        target.scheme = "https"
        target.query = "a=1&b=2"
        #expect(target.url == "https://h:9100/metrics?a=1&b=2")
        target.metricsPath = "probe"
        target.query = ""
        #expect(target.url == "https://h:9100/probe")
        target.metricsPath = ""
        #expect(target.url == "https://h:9100")
    }

    @Test(arguments: [
        ("/metrics", "/metrics"), ("/a b", "/a%20b"), ("/a?b", "/a%3Fb"), ("/100%", "/100%25"), ("/é", "/%C3%A9"),
        ("/$&+,/:;=@", "/$&+,/:;=@"), ("/a!(b)*", "/a%21%28b%29%2A"), ("/-_.~", "/-_.~"), ("/a\"#", "/a%22%23"),
    ]) func `paths are encoded as Go does`(path: String, encoded: String) {
        let target = Target(labels: Labels(), jobName: "a", address: "h", metricsPath: path)
        #expect(target.url == "http://h" + encoded)
    }

    @Test func `queries are sorted by key and encoded as Go does`() {
        let query = PercentEncoding.query([
            "module": ["http 2xx"], "match[]": ["{a=\"b\"}", "up"], "a": [""], "Z": ["~"], "none": [],
        ])
        #expect(query == "Z=~&a=&match%5B%5D=%7Ba%3D%22b%22%7D&match%5B%5D=up&module=http+2xx")
    }
}
