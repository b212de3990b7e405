// SPDX-License-Identifier: AGPL-3.0-only
/** The object store that is a directory, {@code file:///path}: for trying out, single machines and tests. */
package io.zerofs.storage.object.local;
