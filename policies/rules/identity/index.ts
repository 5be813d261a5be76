import type { Rule } from "../../model";
import { deviceDomainIsUnique } from "./device-domain-is-unique";
import { deviceProgramsAreLimited } from "./device-programs-are-limited";
import { hubHasNoDefaultUser } from "./hub-has-no-default-user";
import { leafRemoteHasCredentials } from "./leaf-remote-has-credentials";
import { leafRemoteUsesTls } from "./leaf-remote-uses-tls";
import { roleIsLeastPrivilege } from "./role-is-least-privilege";
import { serverNameIsUnique } from "./server-name-is-unique";
import { serverUsesNoPasswords } from "./server-uses-no-passwords";

export const identityRules: readonly Rule[] = [
	hubHasNoDefaultUser,
	serverUsesNoPasswords,
	leafRemoteHasCredentials,
	leafRemoteUsesTls,
	deviceDomainIsUnique,
	serverNameIsUnique,
	roleIsLeastPrivilege,
	deviceProgramsAreLimited,
];
