import { type CallsOf, call, type Subject, tagging } from "./model";

/** The bucket's name is AWS's own from the prefix on. */
function bucketOf({ seen, world }: Subject): { bucket: { arn: string }; objects: { arn: string } } {
	const prefix = String(seen.inputs.bucketPrefix ?? world.bucketPrefix);
	const arn = `arn:aws:s3:::${prefix}20261126010101010100000001`;
	return { bucket: { arn }, objects: { arn: `${arn}/nats-server/2.15.2/0123` } };
}

export const STORAGE: Readonly<Record<string, CallsOf>> = {
	"aws:s3/bucket:Bucket": (subject) => {
		const { bucket, objects } = bucketOf(subject);
		const tags = tagging(subject.seen.inputs.tags);
		const look = [
			...["s3:ListBucket", "s3:GetBucketPolicy", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketWebsite"],
			...["s3:GetBucketVersioning", "s3:GetAccelerateConfiguration", "s3:GetBucketRequestPayment"],
			...["s3:GetBucketLogging", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration"],
			...["s3:GetEncryptionConfiguration", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketLocation"],
			...["s3:GetBucketTagging", "s3:ListTagsForResource"],
		];
		return {
			source: "s3/bucket.go",
			create: [
				call("s3:CreateBucket", [bucket]),
				call("s3:TagResource", [bucket], tags),
				call("s3:PutBucketTagging", [bucket]),
			],
			read: look.map((action) => call(action, [bucket])),
			update: [
				call("s3:TagResource", [bucket], { "aws:RequestTag/team": "mine" }),
				call("s3:UntagResource", [bucket], { "aws:TagKeys": ["team"] }),
			],
			delete: [
				call("s3:ListBucketVersions", [bucket]),
				call("s3:DeleteObject", [objects]),
				call("s3:DeleteObjectVersion", [objects]),
				call("s3:DeleteBucket", [bucket]),
			],
		};
	},
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (subject) => {
		const { bucket } = bucketOf(subject);
		const put = [call("s3:PutBucketPublicAccessBlock", [bucket])];
		return {
			source: "s3/bucket_public_access_block.go",
			create: put,
			read: [call("s3:GetBucketPublicAccessBlock", [bucket])],
			update: put,
			delete: put,
		};
	},
	"aws:s3/bucketPolicy:BucketPolicy": (subject) => {
		const { bucket } = bucketOf(subject);
		const put = [call("s3:PutBucketPolicy", [bucket])];
		return {
			source: "s3/bucket_policy.go",
			create: put,
			read: [call("s3:GetBucketPolicy", [bucket])],
			update: put,
			delete: [call("s3:DeleteBucketPolicy", [bucket])],
		};
	},
	"aws:s3/bucketObjectv2:BucketObjectv2": (subject) => {
		const { objects } = bucketOf(subject);
		return {
			source: "s3/object.go",
			create: [call("s3:PutObject", [objects])],
			read: [call("s3:GetObject", [objects]), call("s3:GetObjectTagging", [objects])],
			update: [call("s3:PutObject", [objects])],
			delete: [call("s3:DeleteObject", [objects])],
		};
	},
};
