extension PingRequest: AuthorizedRequest {}
extension PingResponse: AuthorizedResponse {}
extension StoreRequest: AuthorizedRequest {}
extension StoreResponse: AuthorizedResponse {}
extension FindRequest: AuthorizedRequest {}
extension FindResponse: AuthorizedResponse {}
