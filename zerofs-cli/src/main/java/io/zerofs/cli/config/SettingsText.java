// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** A configuration as one line for the log: all set keys and defaults, without secrets. */
public final class SettingsText {
    private final List<String> settings = new ArrayList<>();

    private SettingsText() {}

    public static String of(ZerofsConfig config) {
        SettingsText text = new SettingsText();
        text.add("", config);
        return String.join(", ", text.settings);
    }

    private void add(String section, Record values) {
        add(section, values, Key.of(values.getClass()).iterator());
    }

    /** @param keys the keys of the components, in their order */
    private void add(String section, Record values, Iterator<Key> keys) {
        for (RecordComponent component : values.getClass().getRecordComponents()) {
            Object value = valueOf(component, values);
            if (component.isAnnotationPresent(Inlined.class)) {
                add(section, (Record) value, keys);
                continue;
            }
            Key key = keys.next();
            String name = section.isEmpty() ? key.name() : section + "." + key.name();
            if (value instanceof Optional<?> optional) {
                value = optional.orElse(null);
            }
            if (key.isSection() && value != null) {
                add(name, (Record) value);
            } else if (value != null && !(value instanceof Secret)) {
                settings.add(name + " = " + (value instanceof Double number ? Values.plain(number) : value));
            }
        }
    }

    private static Object valueOf(RecordComponent component, Record values) {
        try {
            return component.getAccessor().invoke(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
