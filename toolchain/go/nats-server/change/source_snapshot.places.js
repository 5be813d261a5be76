/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "jetstream_cluster.go",
		at: "	mset.store.ApplySourcesState(snap.Sources)\n",
		becomes: "	mset.adoptSources(snap)\n",
	},
	{
		file: "jetstream_cluster.go",
		at: "	defer mset.store.ApplySourcesState(snap.Sources)\n",
		becomes: "	defer mset.adoptSources(snap)\n",
	},
];

module.exports = { places };
