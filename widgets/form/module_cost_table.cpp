// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/module_cost_table.h"

#include "widgets/common/field_editor.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QEvent>
#include <QGridLayout>
#include <QGuiApplication>
#include <QMenu>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

namespace {

constexpr int kNumValues = 3;
constexpr double kLeastPercent = 0.05; ///< below it 0.0 would stand there

/// With its sign; nothing has none.
QString signedText(double value, const QString &size)
{
    if (value == 0) return size;
    return (value < 0 ? u"−"_s : u"+"_s) + size;
}

QString signedCount(double value) { return signedText(value, countText(std::abs(value))); }

QString signedBytes(double value)
{
    const double most = 0x1p63; // larger runs nowhere
    return signedText(value, bytesText(static_cast<quint64>(std::min(std::abs(value), most))));
}

QString signedPercent(double share)
{
    const double percent = std::min(std::abs(share) * 100, 1e15);
    if (percent < kLeastPercent) return percentText(0);
    return signedText(share,
                      percent < 1000 ? percentText(percent) : integerText(qRound64(percent)) + u" %"_s);
}

bool isZero(const QString &text) { return text == u"0" || text.startsWith(u"0 "_s); }

/// What the module is called: by its setting, with the value where a word says more.
QString nameOf(const ModuleSwitch &module, const RunSpec &spec, const FieldTable &table)
{
    if (const PluginInfo *plugin = module.plugin.empty() ? nullptr : table.findPlugin(module.plugin))
        return fromStd(plugin->name);
    const Field *field = table.find(module.key);
    if (!field) return fromStd(module.key);
    const QString label = fieldLabel(*field);
    if (module.key == "continual.stages") return u"%1, %2"_s.arg(label, fromStd(spec.continual.strategy));
    const FieldValue value = field->get(spec);
    const auto *word = std::get_if<std::string>(&value);
    return word ? u"%1 %2"_s.arg(label, fromStd(*word)) : label;
}

/// What the numbers are held against.
QString againstOf(const ModuleSwitch &module, const FieldTable &table)
{
    if (const PluginInfo *plugin = module.plugin.empty() ? nullptr : table.findPlugin(module.plugin))
        return ModuleCostTable::tr("without the plugin “%1” (plugins.use)").arg(fromStd(plugin->name));
    const Field *field = table.find(module.key);
    const QString label = field ? fieldLabel(*field) : fromStd(module.key), key = fromStd(module.key);
    if (std::holds_alternative<std::vector<std::string>>(module.off))
        return ModuleCostTable::tr("without “%1” (%2)").arg(label, key);
    if (std::holds_alternative<bool>(module.off))
        return ModuleCostTable::tr("with “%1” off (%2)").arg(label, key);
    return ModuleCostTable::tr("with “%1” at %2 (%3)").arg(label, fromStd(fieldValueText(module.off)), key);
}

} // namespace

ModuleCostTable::ModuleCostTable(QWidget *parent) : QWidget(parent), m_layout(new QGridLayout(this))
{
    setObjectName(u"moduleCosts"_s);
    setAccessibleName(tr("What each module costs"));
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setHorizontalSpacing(space::kOne);
    m_layout->setVerticalSpacing(space::kHalf);
    m_layout->setColumnStretch(0, 1);
    m_heads.name = new ElidedLabel(tr("Of which"), Tone::Text, TypeSize::Heading, this);
    m_heads.name->setToolTip(
        tr("What each module that is on adds to the run: the estimate as it is, less that of the same run "
           "with the\n"
           "module off and all else as it is. So the lines need not add up to what all take together."));
    for (const QString &title : {tr("Parameters"), tr("Memory"), tr("Time")}) {
        auto *head = new ToneLabel(title, Tone::Secondary, TypeSize::Small, this);
        head->setAlignment(Qt::AlignRight | Qt::AlignBottom);
        m_heads.values << head;
    }
    hide();
}

ModuleCostTable::Line ModuleCostTable::lineOf(const QString &name, const QString &against,
                                              const ModuleCost &cost, bool isTimeKnown)
{
    QStringList parts{tr("parameters %1")
                          .arg(signedText(cost.parameters,
                                          integerText(qRound64(std::min(std::abs(cost.parameters), 1e18))))),
                      tr("memory %1").arg(signedBytes(cost.bytes))};
    if (cost.cacheBytes != 0) parts << tr("a generated text %1").arg(signedBytes(cost.cacheBytes));
    if (isTimeKnown)
        parts << tr("time %1").arg(signedText(cost.seconds, durationText(std::abs(cost.seconds))));
    return {name,
            {signedCount(cost.parameters), signedBytes(cost.bytes),
             isTimeKnown ? signedPercent(cost.slowdown) : unknownText()},
            tr("%1, against the same run %2:\n%3").arg(name, against, parts.join(u", "_s))};
}

void ModuleCostTable::setCosts(const ModuleCosts &costs, const RunSpec &spec, const FieldTable &table,
                               bool isTimeKnown)
{
    QList<Line> lines;
    for (const auto &[module, cost] : costs.modules)
        lines << lineOf(nameOf(module, spec, table), againstOf(module, table), cost, isTimeKnown);
    if (lines.size() > 1)
        lines << lineOf(tr("Together"), tr("with all of these off"), costs.together, isTimeKnown);
    showLines(lines);
}

ModuleCostTable::Row ModuleCostTable::makeRow(const QStringList &heads)
{
    Row row{new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this), {}};
    for (qsizetype i = 0; i < heads.size(); ++i) {
        auto *value = new ToneLabel(QString(), Tone::Text, TypeSize::Base, this);
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        // As in the numbers above: selected with the mouse, no stop for Tab.
        value->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        value->setContextMenuPolicy(Qt::NoContextMenu);
        value->setFocusPolicy(Qt::ClickFocus);
        row.values << value;
    }
    return row;
}

/// Labels stay where they are while the numbers change: what is selected is not lost at the next key.
void ModuleCostTable::showLines(const QList<Line> &lines)
{
    QStringList heads;
    for (const ToneLabel *head : std::as_const(m_heads.values)) heads << head->text();
    const bool isOther = lines.size() != m_rows.size();
    while (m_rows.size() > lines.size()) {
        const Row row = m_rows.takeLast();
        delete row.name;
        qDeleteAll(row.values);
    }
    while (m_rows.size() < lines.size()) m_rows << makeRow(heads);
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const Line &line = lines[i];
        const Row &row = m_rows[i];
        if (row.name->fullText() != line.name) row.name->setFullText(line.name);
        row.name->setProperty("meaning", line.toolTip); // which it shows also after it was elided
        row.name->setToolTip(line.toolTip);
        for (qsizetype k = 0; k < kNumValues; ++k) {
            ToneLabel *value = row.values[k];
            if (value->text() != line.values[k]) value->setText(line.values[k]);
            value->setTone(isZero(line.values[k]) ? Tone::Secondary : Tone::Text);
            value->setToolTip(line.toolTip);
            value->setAccessibleName(u"%1, %2: %3"_s.arg(line.name, heads[k], line.values[k]));
        }
    }
    setVisible(!lines.isEmpty());
    if (isOther) place();
    arrange();
}

/// Beside the numbers only where no name has to be cut.
void ModuleCostTable::arrange()
{
    int names = m_heads.name->sizeHint().width(), values[kNumValues] = {};
    const auto take = [&](const Row &row) {
        names = std::max(names, row.name->sizeHint().width());
        for (int k = 0; k < kNumValues; ++k)
            values[k] = std::max(values[k], row.values[k]->sizeHint().width());
    };
    take(m_heads);
    for (const Row &row : std::as_const(m_rows)) take(row);
    const int needed = names + values[0] + values[1] + values[2] + kNumValues * space::kOne;
    const bool isStacked = width() < needed;
    if (isStacked == m_isStacked) return;
    m_isStacked = isStacked;
    place();
}

void ModuleCostTable::place()
{
    while (QLayoutItem *item = m_layout->takeAt(0)) delete item; // the labels stay
    // Names above their numbers stand close to these, and apart from the numbers above.
    m_layout->setVerticalSpacing(m_isStacked ? 0 : space::kHalf);
    for (int i = 0; i < m_layout->rowCount(); ++i) m_layout->setRowMinimumHeight(i, 0);
    int line = 0;
    const auto add = [&](const Row &row) {
        if (m_isStacked && line > 0) m_layout->setRowMinimumHeight(line++, space::kHalf);
        m_layout->addWidget(row.name, line, 0, 1, m_isStacked ? kNumValues + 1 : 1);
        if (m_isStacked) ++line;
        for (int k = 0; k < kNumValues; ++k) m_layout->addWidget(row.values[k], line, k + 1);
        ++line;
    };
    add(m_heads);
    for (const Row &row : std::as_const(m_rows)) add(row);
    // A label that came while the table was visible is not shown by itself.
    for (const Row &row : std::as_const(m_rows)) {
        row.name->show();
        for (ToneLabel *value : row.values) value->show();
    }
}

QString ModuleCostTable::toText() const
{
    QStringList lines;
    const auto add = [&lines](const Row &row) {
        QStringList cells{row.name->fullText()};
        for (const ToneLabel *value : row.values) cells << value->text();
        lines << cells.join(u'\t');
    };
    if (m_rows.isEmpty()) return {};
    add(m_heads);
    for (const Row &row : m_rows) add(row);
    return lines.join(u'\n') + u'\n';
}

void ModuleCostTable::contextMenuEvent(QContextMenuEvent *event)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy what the modules cost"), this,
                    [this] { QGuiApplication::clipboard()->setText(toText()); });
    menu->popup(event->globalPos());
}

void ModuleCostTable::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void ModuleCostTable::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) arrange();
}

} // namespace orrery::ui
