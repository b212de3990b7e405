// SPDX-License-Identifier: AGPL-3.0-only
/** The chain of manifests: who writes, what the database is, where the log begins, what is being deleted. */
package io.zerofs.storage.manifest;
