// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces <code>${NAME}</code> in string values by environment variables. <code>$${</code> means a literal
 * <code>${</code>. Works on parsed values, so that a variable's content can neither break the syntax nor add keys.
 */
final class Substitution {
    private static final Pattern REFERENCE = Pattern.compile("\\$?\\$\\{([^}]*)(}?)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern NO_BRACES = Pattern.compile("\\$([A-Za-z_][A-Za-z0-9_]{0,63})");

    /** The value of every secret if none is wanted. */
    private static final byte[] PLACEHOLDER = {'?'};

    private final Environment environment;
    private final boolean withSecrets;

    /** @param withSecrets whether secrets get their values; else each is a placeholder */
    Substitution(Environment environment, boolean withSecrets) {
        this.environment = environment;
        this.withSecrets = withSecrets;
    }

    /**
     * Expands a text. Refuses a reference without braces at any place.
     *
     * @throws IllegalArgumentException with the name of a missing or undecodable variable, or a malformed reference
     */
    String expand(String text) {
        Matcher unexpanded = NO_BRACES.matcher(text);
        if (unexpanded.find()) {
            throw withoutBraces(unexpanded.group(1));
        }
        return new String(replace(text, true), StandardCharsets.UTF_8);
    }

    /**
     * Expands a secret to bytes, and keeps a variable's bytes unchanged. A secret may have a dollar sign in it. But a secret
     * that is only a reference without braces is a mistake, and would become the password.
     */
    byte[] expandSecret(String text) {
        Matcher unexpanded = NO_BRACES.matcher(text);
        if (unexpanded.matches()) {
            throw withoutBraces(unexpanded.group(1));
        }
        return withSecrets ? replace(text, false) : PLACEHOLDER.clone();
    }

    private static IllegalArgumentException withoutBraces(String name) {
        return new IllegalArgumentException("\"$" + name + "\" is not replaced; write \"${" + name
                + "}\", or put a value with a dollar sign into an environment variable and name that");
    }

    private byte[] replace(String text, boolean isText) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Matcher reference = REFERENCE.matcher(text);
        int end = 0;
        while (reference.find()) {
            out.writeBytes(text.substring(end, reference.start()).getBytes(StandardCharsets.UTF_8));
            end = reference.end();
            out.writeBytes(
                    reference.group().startsWith("$$")
                            ? reference.group().substring(1).getBytes(StandardCharsets.UTF_8)
                            : valueOf(reference.group(1), reference.group(2), isText));
        }
        out.writeBytes(text.substring(end).getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    private byte[] valueOf(String name, String brace, boolean isText) {
        if (brace.isEmpty() || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "malformed reference to an environment variable; write ${NAME}, or $${ for a literal ${");
        }
        byte[] value = environment
                .valueOf(name)
                .orElseThrow(() -> new IllegalArgumentException("environment variable " + name + " is not set"));
        if (isText) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value));
            } catch (CharacterCodingException e) {
                throw new IllegalArgumentException("environment variable " + name + " is not UTF-8 text", e);
            }
        }
        return value;
    }
}
