// Replaced by `npm run types`.
// biome-ignore lint/suspicious/noExplicitAny: stands in until openapi.json is there
export type paths = any;
