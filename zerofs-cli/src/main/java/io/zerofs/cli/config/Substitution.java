// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces <code>${NAME}</code> in string values by environment variables; <code>$${</code> stands for a literal
 * <code>${</code>. Works on parsed values, so that a variable's content can neither break the syntax nor add keys.
 */
final class Substitution {
    private static final Pattern REFERENCE = Pattern.compile("\\$?\\$\\{([^}]*)(}?)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final UnaryOperator<String> environment;

    Substitution(UnaryOperator<String> environment) {
        this.environment = environment;
    }

    /** @throws IllegalArgumentException naming the variable that is missing, or the reference that is malformed */
    String expand(String text) {
        return REFERENCE
                .matcher(text)
                .replaceAll(match -> Matcher.quoteReplacement(
                        match.group().startsWith("$$")
                                ? match.group().substring(1)
                                : valueOf(match.group(1), match.group(2))));
    }

    private String valueOf(String name, String brace) {
        if (brace.isEmpty() || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "malformed reference to an environment variable; write ${NAME}," + " or $${ for a literal ${");
        }
        String value = environment.apply(name);
        if (value == null) {
            throw new IllegalArgumentException("environment variable " + name + " is not set");
        }
        return value;
    }
}
