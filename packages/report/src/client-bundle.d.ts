/** Written into dist/ by scripts/bundle-client.mjs from src/client. */

/** The page's script, one classic script without imports. */
export const CLIENT_SCRIPT: string;
/** The page's style sheet. */
export const CLIENT_STYLE: string;
