// The page's token, for requests that scripts send.
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
