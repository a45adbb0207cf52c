/// An answer whose bytes are followed to the socket, and what follows them; nil for one that nobody asks for again.
struct FollowedAnswer: Sendable {
    var response: PageResponse
    var delivery: PageDelivery?

    init(_ response: PageResponse, _ delivery: PageDelivery? = nil) {
        self.response = response
        self.response.isFollowed = delivery != nil
        self.delivery = delivery
    }
}
