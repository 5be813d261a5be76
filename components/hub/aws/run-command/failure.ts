/** Something that a person can act on: shown as it stands, without a stack trace. */
export class RunCommandError extends Error {}
