/** What Systems Manager knows of a node. */
export interface Ping {
	/** `Online`, `ConnectionLost` or `Inactive`. */
	readonly status: string;
	/** When its agent was last heard. */
	readonly last?: Date;
}

/** How far a command is on one node, as `GetCommandInvocation` has it. */
export interface Invocation {
	/** For example `InProgress`, `Success`, `Failed`, `TimedOut`. */
	readonly status: string;
	/** For example `DeliveryTimedOut`; a finer form of `status`, with or without blanks. */
	readonly details: string;
	/** Exit code of the script; -1 before it has ended. */
	readonly exitCode: number;
	/** First 24,000 characters; empty before the end. */
	readonly stdout: string;
	/** First 8,000 characters; empty before the end. */
	readonly stderr: string;
}

/** The three things that are asked of Systems Manager. Each throws what the SDK throws. */
export interface Ssm {
	/** Undefined for an instance that has never registered, or is gone. */
	ping(instanceId: string): Promise<Ping | undefined>;
	/** Starts the document on the node; gives the command's id. */
	send(instanceId: string, document: string, parameters: Readonly<Record<string, string>>): Promise<string>;
	/** Undefined as long as Systems Manager does not know of it. */
	invocation(commandId: string, instanceId: string): Promise<Invocation | undefined>;
	close(): void;
}
