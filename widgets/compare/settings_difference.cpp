// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/settings_difference.h"

#include <QMap>
#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const QString kNameKey = u"name"_s;

/// Keys in the order of the first run that has them: what a plugin or a newer program adds comes after.
QStringList keysOf(const std::vector<ComparedRun> &runs)
{
    QStringList keys;
    QSet<QString> seen{kNameKey};
    for (const ComparedRun &run : runs) {
        if (!run.settings || !run.settings->hasSettings()) continue;
        for (const SettingValue &value : run.settings->values) {
            if (seen.contains(value.key)) continue;
            seen.insert(value.key);
            keys << value.key;
        }
    }
    return keys;
}

DifferenceCell cellOf(const ComparedRun &run, const QString &key)
{
    const SettingValue *value =
        run.settings && run.settings->hasSettings() ? run.settings->find(key) : nullptr;
    if (!value) return {};
    return {value->text, settingValueText(*run.settings, *value), true, value->isStated, value->isDefault};
}

bool isDifferent(const std::vector<ComparedRun> &runs, const std::vector<DifferenceCell> &cells)
{
    const DifferenceCell *first = nullptr;
    for (size_t i = 0; i < cells.size(); ++i) {
        if (!runs[i].settings || !runs[i].settings->hasSettings()) continue; // it says nothing of any key
        if (!first)
            first = &cells[i];
        else if (first->isKnown != cells[i].isKnown || first->text != cells[i].text)
            return true;
    }
    return false;
}

} // namespace

std::vector<DifferenceRow> settingsDifference(const std::vector<ComparedRun> &runs)
{
    std::vector<DifferenceRow> rows;
    QMap<QString, int> groups; // in the order of their first key
    for (const QString &key : keysOf(runs)) {
        DifferenceRow row{key, key, QString(), {}, false};
        for (const ComparedRun &run : runs) {
            if (row.group.isEmpty() && run.settings && run.settings->find(key)) {
                row.label = settingLabel(*run.settings, key);
                row.group = settingGroup(*run.settings, key);
            }
            row.cells.push_back(cellOf(run, key));
        }
        row.isDifferent = isDifferent(runs, row.cells);
        if (!groups.contains(row.group)) groups.insert(row.group, int(groups.size()));
        rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [&groups](const DifferenceRow &a, const DifferenceRow &b) {
        return groups.value(a.group) < groups.value(b.group);
    });
    return rows;
}

QStringList setArguments(const std::vector<DifferenceRow> &rows, size_t from, size_t to)
{
    QStringList arguments;
    for (const DifferenceRow &row : rows) {
        if (from >= row.cells.size() || to >= row.cells.size()) continue;
        const DifferenceCell &before = row.cells[from], &after = row.cells[to];
        if (!after.isKnown || (before.isKnown && before.text == after.text)) continue;
        arguments << u"--set"_s << row.key + u'=' + after.text;
    }
    return arguments;
}

} // namespace orrery::ui
