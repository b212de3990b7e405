// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.cli.Main;

/** Breaks the wall between configuration and commands, for the test of it. */
record KnowsACommand(Main command) {}
