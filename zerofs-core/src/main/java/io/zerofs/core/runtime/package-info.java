// SPDX-License-Identifier: AGPL-3.0-only
/** Time, chance, threads, locks and waiting: the only package that asks the JVM for them. */
package io.zerofs.core.runtime;
