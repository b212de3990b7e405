// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.seal.Secret;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A configuration as one line for the log: what is set or has a default, without secrets. */
public final class SettingsText {
    private final List<String> settings = new ArrayList<>();

    private SettingsText() {}

    public static String of(ZerofsConfig config) {
        SettingsText text = new SettingsText();
        text.add("", config);
        return String.join(", ", text.settings);
    }

    private void add(String section, Record values) {
        List<Key> keys = Key.of(values.getClass());
        RecordComponent[] components = values.getClass().getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            String name = section.isEmpty()
                    ? keys.get(i).name()
                    : section + "." + keys.get(i).name();
            Object value = valueOf(components[i], values);
            if (value instanceof Optional<?> optional) {
                value = optional.orElse(null);
            }
            if (keys.get(i).isSection() && value != null) {
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
