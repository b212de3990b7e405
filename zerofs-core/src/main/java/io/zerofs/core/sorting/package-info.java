// SPDX-License-Identifier: AGPL-3.0-only
/** Sorts rows of numbers that need not fit into memory. */
package io.zerofs.core.sorting;
