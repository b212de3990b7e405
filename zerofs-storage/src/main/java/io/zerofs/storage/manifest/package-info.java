// SPDX-License-Identifier: AGPL-3.0-only
/** The chain of manifests: the writers, the files of the database, the begin of the log, and announced deletions. */
package io.zerofs.storage.manifest;
