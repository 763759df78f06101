// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugin_details.h"

#include "core/spec/field_record.h"
#include "core/spec/field_table.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/plugins/plugin_list_model.h"
#include "widgets/plugins/plugin_settings_form.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

ToneLabel *makeWrapped(Tone tone, TypeSize size, QWidget *parent)
{
    auto *label = new ToneLabel(QString(), tone, size, parent);
    label->setWordWrap(true);
    label->setMinimumWidth(1); // a path has no place to break; the hover has all of it
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

QString requirementsText(const PluginInfo &plugin)
{
    QStringList texts;
    for (const PluginRequirement &requirement : plugin.requirements)
        texts << (requirement.version.empty()
                      ? fromStd(requirement.id)
                      : fromStd(requirement.id) + u' ' + fromStd(requirement.version));
    return texts.join(u", "_s);
}

/// The key of the choice that takes the names of an extension point.
QString fieldOfPoint(const std::string &point)
{
    for (const Field &field : specFields())
        if (field.point == point) return fromStd(field.key);
    return {};
}

} // namespace

PluginDetails::PluginDetails(QWidget *parent)
    : ColumnScroll(parent), m_title(makeWrapped(Tone::Text, TypeSize::Heading, this)),
      m_reason(makeWrapped(Tone::Error, TypeSize::Base, this)),
      m_hint(makeWrapped(Tone::Secondary, TypeSize::Base, this)),
      m_provides(makeWrapped(Tone::Text, TypeSize::Base, this)),
      m_requires(makeWrapped(Tone::Text, TypeSize::Base, this)),
      m_settingsTitle(new ToneLabel(tr("Settings for the next run"), Tone::Text, TypeSize::Heading, this)),
      m_settingsNote(makeWrapped(Tone::Secondary, TypeSize::Small, this)),
      m_folder(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_facts(new KeyValueGrid(this)), m_settings(new PluginSettingsForm(this)),
      m_use(new QPushButton(tr("Use in a new run"), this)),
      m_copy(new QPushButton(tr("Copy as command"), this))
{
    setObjectName(u"pluginDetails"_s);
    setAccessibleName(tr("The selected plugin"));
    m_title->setObjectName(u"pluginTitle"_s);
    m_reason->setObjectName(u"pluginReason"_s);
    m_provides->setObjectName(u"pluginProvides"_s);
    m_requires->setObjectName(u"pluginRequires"_s);
    m_folder->setElideMode(Qt::ElideMiddle);
    QToolButton *copyFolder = makeIconButton(u"copy"_s, tr("Copy the folder's path"), this);
    copyFolder->setObjectName(u"copyFolder"_s);
    connect(copyFolder, &QToolButton::clicked, this,
            [this] { copyToClipboard(fromStd(m_plugin.directory)); });
    m_settingsNote->setText(
        tr("Each run freezes its own values. What is given here goes into the form of a new run."));
    m_use->setObjectName(u"usePlugin"_s);
    makePrimary(m_use);
    m_copy->setObjectName(u"copyPluginCommand"_s);
    m_copy->setToolTip(tr("Copies an orrery-engine call that trains with the plugin"));
    connect(m_use, &QPushButton::clicked, this, &PluginDetails::useRequested);
    connect(m_copy, &QPushButton::clicked, this, [this] { copyToClipboard(command()); });
    connect(m_settings, &PluginSettingsForm::changed, this, &PluginDetails::updateButtons);

    auto *content = new QWidget;
    auto *buttons = new WrapRow;
    buttons->addWidget(m_use);
    buttons->addWidget(m_copy);
    auto *folderRow = new QHBoxLayout;
    folderRow->setSpacing(space::kHalf);
    folderRow->addWidget(m_folder, 1);
    folderRow->addWidget(copyFolder);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(space::kOne, 0, space::kOne, 0);
    layout->setSpacing(space::kOne);
    for (QWidget *widget :
         std::initializer_list<QWidget *>{m_title, m_reason, m_hint, m_provides, m_requires, m_facts})
        layout->addWidget(widget);
    layout->addLayout(folderRow);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_settingsTitle, m_settingsNote, m_settings})
        layout->addWidget(widget);
    layout->addLayout(buttons);
    layout->addStretch(1);
    setColumn(content);
    setFocusPolicy(Qt::StrongFocus); // the keys scroll what has no controls
}

void PluginDetails::setPlugin(const PluginInfo &plugin, const QString &uiProblem)
{
    const bool isSame = plugin.id == m_plugin.id && plugin.version == m_plugin.version &&
                        plugin.directory == m_plugin.directory &&
                        pluginFieldsToText(plugin.settings) == pluginFieldsToText(m_plugin.settings);
    m_plugin = plugin;
    m_title->setText(pluginTitle(plugin));
    const bool hasUiProblem = plugin.isUsable() && !uiProblem.isEmpty();
    m_reason->setTone(plugin.state == PluginState::Refused ? Tone::Error : Tone::Warning);
    m_reason->setText(hasUiProblem ? tr("Its window half is not used: %1").arg(uiProblem)
                                   : fromStd(plugin.reason));
    m_reason->setVisible(!m_reason->text().isEmpty());
    m_hint->setText(hasUiProblem ? QString() : fromStd(plugin.hint));
    m_hint->setVisible(!m_hint->text().isEmpty());

    QStringList halves;
    if (plugin.hasEngine) halves << tr("engine");
    if (plugin.hasUi) halves << tr("window");
    m_facts->clear();
    const auto show = [this](const QString &name, const QString &value) {
        if (!value.isEmpty()) m_facts->setValue(name, value);
    };
    show(tr("Id"), fromStd(plugin.id));
    show(tr("Version"), plugin.isExperimental ? tr("%1, experimental").arg(fromStd(plugin.version))
                                              : fromStd(plugin.version));
    show(tr("State"), pluginStateText(plugin.state));
    show(tr("Runs in"), halves.join(u", "_s));
    show(tr("Interface version"), plugin.apiVersion > 0 ? QString::number(plugin.apiVersion) : QString());
    const auto say = [](ToneLabel *label, const QString &text, const QString &value) {
        label->setText(text.arg(value));
        label->setVisible(!value.isEmpty());
    };
    say(m_provides, tr("Provides %1"), providedText(plugin));
    say(m_requires, tr("Requires %1"), requirementsText(plugin));
    m_folder->setFullText(fromStd(plugin.directory));

    if (!isSame) m_settings->setFields(plugin.settings);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_settingsTitle, m_settingsNote, m_settings})
        widget->setVisible(m_settings->numFields() > 0);
    updateButtons();
}

void PluginDetails::updateButtons()
{
    QString reason;
    if (!m_plugin.isUsable())
        reason = tr("This plugin cannot be used.");
    else if (!m_plugin.hasEngine)
        reason = tr("This plugin has no part in a run.");
    else if (!m_settings->isValid())
        reason = tr("One of the settings needs a look.");
    m_use->setEnabled(reason.isEmpty());
    m_copy->setEnabled(reason.isEmpty());
    m_use->setToolTip(reason.isEmpty() ? tr("Opens the form of a new run with this plugin") : reason);
}

QList<std::pair<QString, QString>> PluginDetails::specValues() const
{
    QList<std::pair<QString, QString>> values;
    QStringList filled;
    for (const ProvidedPart &part : m_plugin.provides) {
        const QString key = fieldOfPoint(part.point);
        if (key.isEmpty() || filled.contains(key)) continue;
        filled << key;
        values.append({key, fromStd(part.name)});
    }
    if (values.isEmpty()) values.append({QString::fromLatin1(kUsePluginsKey), fromStd(m_plugin.id)});
    const QMap<QString, QString> &given = m_settings->given();
    for (auto it = given.cbegin(); it != given.cend(); ++it) values.append({it.key(), it.value()});
    return values;
}

QString PluginDetails::command() const
{
    QStringList arguments{u"train"_s, u"--data"_s, u"example"_s};
    for (const auto &[key, value] : specValues()) arguments << u"--set"_s << QString(key + u'=' + value);
    return engineCommand(arguments);
}

} // namespace orrery::ui
