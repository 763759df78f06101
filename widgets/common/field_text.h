// SPDX-License-Identifier: GPL-3.0-or-later
// Words of the field table and of presets in the language of the window. The table stands in core/spec, which knows no Qt: its
// labels, groups and effects are the source texts of the context "FieldTable". GUI thread only.
#pragma once

#include <QCoreApplication>

#include <string>

namespace orrery::ui {

inline QString fieldText(const std::string &source)
{
    return source.empty() ? QString() : QCoreApplication::translate("FieldTable", source.c_str());
}

} // namespace orrery::ui
