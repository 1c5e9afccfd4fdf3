/** Column of the share of the window that a curve spends above a threshold. */
export const shareAboveName = (threshold: number): string => `timeAbove${threshold}`;
