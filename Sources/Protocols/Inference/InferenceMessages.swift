extension InferenceRequestAuth: AuthorizedRequest {}
extension InferenceResponseAuth: AuthorizedResponse {}
