// SPDX-License-Identifier: AGPL-3.0-only
/** The object store in a directory, {@code file:///path}, for experiments, single machines and tests. */
package io.zerofs.storage.object.local;
