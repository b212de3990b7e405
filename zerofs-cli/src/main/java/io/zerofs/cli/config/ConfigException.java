// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** A wrong configuration. The message is one line with file and line number, and has no values of secrets. */
public final class ConfigException extends Exception {
    /** Characters at each end of a long message that stay. A quoted value is in its middle. */
    private static final int END_MAX = 400;

    public ConfigException(String message) {
        super(shortened(message));
    }

    private static String shortened(String message) {
        int length = message.length();
        return length <= 2 * END_MAX
                ? message
                : message.substring(0, END_MAX) + "…" + message.substring(length - END_MAX);
    }
}
