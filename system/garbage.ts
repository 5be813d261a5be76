import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Has V8 give back at once what is not needed any more: by itself it waits until that is as much again as what is. */
export function collectGarbage(): void {
	collect ??= exposed();
	collect();
}

let collect: (() => void) | undefined;

/** The command line need not say so when Node is started. */
function exposed(): () => void {
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc") as () => void;
}
