import { change } from "./change";
import { check } from "./check";

/** `install.sh` of every bundle: POSIX shell, the same for all devices. */
export function renderInstall(): string {
	return `${check}\n${change}`;
}
