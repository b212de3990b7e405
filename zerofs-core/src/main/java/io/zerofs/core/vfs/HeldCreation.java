// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** A file that was created or opened, and the hold that its caller must close. */
public record HeldCreation(Creation creation, FileHold hold) {}
