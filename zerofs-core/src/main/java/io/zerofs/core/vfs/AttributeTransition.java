// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Attributes of one inode immediately before and after an operation, taken atomically with it (weak cache consistency
 * of RFC 1813 §2.6).
 */
public record AttributeTransition(Attributes before, Attributes after) {}
