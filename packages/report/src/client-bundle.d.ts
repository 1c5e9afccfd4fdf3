/** Written into dist/ by scripts/bundle-client.mjs from src/client. */

/** The script of a case's page, one classic script without imports. */
export const CLIENT_SCRIPT: string;
/** That of a page of runs alone: the same without image and scene. */
export const RUN_SCRIPT: string;
/** That of a reader study. */
export const STUDY_SCRIPT: string;
/** The page's style sheet. */
export const CLIENT_STYLE: string;
