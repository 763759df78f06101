// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/live_settings.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/run_feed.h"
#include "widgets/theme/theme.h"

#include <QGridLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxShown = 60; ///< letters of a value in a hover

QString settingValue(const QJsonValue &value)
{
    if (value.isString()) return value.toString();
    if (value.isBool()) return value.toBool() ? u"true"_s : u"false"_s;
    return value.toVariant().toString();
}

} // namespace

LiveSettings::LiveSettings(EngineSession &session, RunFeed &feed, QWidget *parent)
    : QWidget(parent), m_session(session), m_feed(feed),
      m_note(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_banner(new Banner(this))
{
    setObjectName(u"liveSettings"_s);
    setAccessibleName(tr("Settings that can change while the run trains"));
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(80);
    auto *content = new QWidget;
    auto *grid = new QGridLayout(content);
    grid->setContentsMargins(0, 0, space::kOne, 0);
    grid->setHorizontalSpacing(space::kHalf);
    grid->setVerticalSpacing(space::kHalf);
    grid->setColumnStretch(1, 1);
    grid->setColumnMinimumWidth(1, 90);
    addRow(learningRateFactorField(), grid);
    for (const Field &field : specFields())
        if (field.change == FieldChange::WhileRunning) addRow(field, grid);
    grid->setRowStretch(grid->rowCount(), 1);
    auto *scroll = new QScrollArea(this);
    scroll->setWidget(content);
    content->setAutoFillBackground(false); // setWidget() switches it on
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->viewport()->setAutoFillBackground(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_note);
    layout->addWidget(m_banner);
    layout->addWidget(scroll, 1);
    connect(&feed, &RunFeed::runChanged, this, [this] {
        m_banner->clear();
        for (Row &row : m_rows) {
            row.isPending = false;
            row.before.reset();
            row.editor->setGivenText(std::nullopt);
            row.editor->setInvalid(false);
            row.status->setText(QString());
            for (QWidget *button : std::initializer_list<QWidget *>{row.applyButton, row.copyButton, row.undoButton})
                button->hide();
        }
        readSpec();
    });
    connect(&feed, &RunFeed::eventsAdded, this, &LiveSettings::takeEvents);
    connect(&feed, &RunFeed::statusChanged, this, &LiveSettings::updateState);
    readSpec();
    takeEvents(feed.events());
    updateState();
}

void LiveSettings::addRow(const Field &field, QGridLayout *grid)
{
    const QString key = fromStd(field.key);
    Row row{&field, new FieldEditor(field, this), new QPushButton(tr("Apply"), this),
            makeIconButton(u"terminal"_s, tr("Copy as command"), this),
            new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this), makeIconButton(u"undo"_s, tr("Undo"), this)};
    auto *label = new ToneLabel(fieldLabel(field), Tone::Text, TypeSize::Base, this);
    label->setToolTip(fieldToolTip(field));
    label->setBuddy(row.editor->control());
    row.applyButton->setObjectName(u"apply_"_s + key);
    row.applyButton->setAccessibleName(tr("Apply %1").arg(fieldLabel(field).toLower()));
    row.undoButton->setObjectName(u"undo_"_s + key);
    for (QWidget *button : std::initializer_list<QWidget *>{row.applyButton, row.copyButton, row.undoButton}) button->hide();
    row.status->setObjectName(u"liveStatus_"_s + key);
    row.status->setWordWrap(true);
    row.status->hide();
    const int line = grid->rowCount();
    grid->addWidget(label, line, 0);
    grid->addWidget(row.editor, line, 1);
    grid->addWidget(row.applyButton, line, 2);
    grid->addWidget(row.copyButton, line, 3);
    grid->addWidget(row.undoButton, line, 3); // never both
    grid->addWidget(row.status, line + 1, 1, 1, 3);
    m_rows.push_back(row);
    connect(row.editor, &FieldEditor::edited, this, [this, key] { edited(key); });
    connect(row.applyButton, &QPushButton::clicked, this, [this, key] { apply(key); });
    connect(row.undoButton, &QToolButton::clicked, this, [this, key] { undo(key); });
    connect(static_cast<QToolButton *>(row.copyButton), &QToolButton::clicked, this, [this, key] {
        copyToClipboard(settingCommand(m_feed.run(), key, editor(key)->effectiveText()));
    });
    if (auto *lineEdit = qobject_cast<QLineEdit *>(row.editor->control()))
        connect(lineEdit, &QLineEdit::returnPressed, this, [this, key] { apply(key); });
}

LiveSettings::Row *LiveSettings::row(const QString &key)
{
    for (Row &row : m_rows)
        if (fromStd(row.field->key) == key) return &row;
    return nullptr;
}

const LiveSettings::Row *LiveSettings::row(const QString &key) const
{
    return const_cast<LiveSettings *>(this)->row(key);
}

FieldEditor *LiveSettings::editor(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->editor : nullptr;
}

QString LiveSettings::statusText(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->status->text() : QString();
}

void LiveSettings::edited(const QString &key)
{
    Row *row = this->row(key);
    const bool isChanged = row->editor->givenText().has_value();
    row->applyButton->setVisible(isChanged);
    row->copyButton->setVisible(isChanged);
    row->undoButton->setVisible(!isChanged && row->before.has_value());
    const auto parsed = parseFieldValue(*row->field, toStd(row->editor->effectiveText()));
    const bool isWrong = isChanged && !parsed;
    row->editor->setInvalid(isWrong);
    row->status->setTone(Tone::Error);
    row->status->setText(isWrong ? errorText(parsed.error()) : QString());
    row->status->setVisible(isWrong);
    updateState();
}

void LiveSettings::apply(const QString &key)
{
    Row *row = this->row(key);
    if (!row || !row->applyButton->isEnabled() || !row->editor->givenText()) return;
    const QString value = *row->editor->givenText();
    if (!parseFieldValue(*row->field, toStd(value))) return;
    row->isPending = true;
    row->asked = value;
    row->before = row->editor->defaultText();
    for (QWidget *button : std::initializer_list<QWidget *>{row->applyButton, row->copyButton, row->undoButton}) button->hide();
    row->status->setTone(Tone::Secondary);
    row->status->setText(tr("%1 waits for the next step …").arg(value));
    row->status->show();
    m_banner->clear();
    const QString run = m_feed.run();
    m_session.control(run, u"set"_s, 1, {row->field->key, toStd(value)}, this,
                      [this, key, run](Result<RunStatus> reply) {
                          if (run != m_feed.run()) return;
                          if (reply) {
                              m_feed.takeStatus(*reply);
                              return;
                          }
                          Row *failedRow = this->row(key);
                          failedRow->isPending = false;
                          failedRow->before.reset();
                          failedRow->editor->setInvalid(true);
                          failedRow->status->setTone(Tone::Error);
                          failedRow->status->setText(errorText(reply.error()));
                          failedRow->applyButton->show();
                          updateState();
                      });
}

void LiveSettings::offerUndo(Row &row)
{
    if (row.before == row.editor->defaultText()) row.before.reset();
    QString before = row.before.value_or(QString());
    if (before.size() > kMaxShown) before = before.left(kMaxShown - 1) + u'…';
    const QString what = tr("Undo: set %1 back to %2").arg(fieldLabel(*row.field).toLower(), before);
    row.undoButton->setToolTip(what);
    row.undoButton->setAccessibleName(what);
    row.undoButton->setVisible(row.before.has_value() && !row.editor->givenText());
}

void LiveSettings::undo(const QString &key)
{
    Row *row = this->row(key);
    if (!row || !row->before || row->isPending || !row->undoButton->isEnabled()) return;
    row->editor->setGivenText(row->before);
    edited(key);
    apply(key);
}

QVariantMap LiveSettings::draft() const
{
    QVariantMap draft;
    for (const Row &row : m_rows)
        if (const auto given = row.editor->givenText(); given && !row.isPending) draft.insert(fromStd(row.field->key), *given);
    return draft;
}

void LiveSettings::restoreDraft(const QVariantMap &draft)
{
    for (Row &row : m_rows) {
        const QString key = fromStd(row.field->key);
        if (!draft.contains(key) || row.editor->givenText()) continue;
        row.editor->setGivenText(draft.value(key).toString());
        edited(key);
    }
}

void LiveSettings::readSpec()
{
    for (Row &row : m_rows)
        if (row.field->key == learningRateFactorField().key) row.editor->setDefaultText(u"1"_s);
    if (m_feed.run().isEmpty()) return;
    const QString run = m_feed.run();
    m_session.getSpec(run, this, [this, run](Result<QString> reply) {
        if (run != m_feed.run()) return;
        if (!reply) {
            m_banner->showError(reply.error());
            return;
        }
        const Result<QString> text = specTextOfRun(*reply);
        // Values of plugins are not set here, and the plugins may be on another computer.
        SpecBuilder builder(text ? FieldTable::describedBy(toStd(*text)) : FieldTable::builtIn());
        if (const Result<void> read = text ? builder.setJson(toStd(*text)) : Result<void>(text.error());
            !read) {
            m_banner->showError(read.error());
            return;
        }
        const RunSpec spec = builder.preview();
        for (Row &row : m_rows)
            if (row.field->get) row.editor->setDefaultText(fromStd(fieldValueText(row.field->get(spec))));
        takeEvents(m_feed.events()); // what was changed since
    });
}

void LiveSettings::takeEvents(const std::vector<RunEvent> &events)
{
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Setting) continue;
        const QJsonObject payload =
            QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
        Row *changed = row(payload.value("key"_L1).toString());
        if (!changed) continue;
        const QString value = settingValue(payload.value("value"_L1));
        changed->editor->setDefaultText(value);
        // What somebody else has set since is not this window's to take back.
        if (changed->isPending)
            changed->editor->setGivenText(std::nullopt);
        else if (value != changed->asked)
            changed->before.reset();
        changed->isPending = false;
        offerUndo(*changed);
        changed->status->setTone(Tone::Good);
        changed->status->setText(tr("applied at step %1").arg(integerText(event.step)));
        changed->status->show();
    }
}

void LiveSettings::updateState()
{
    const RunState state = m_feed.status() ? m_feed.status()->state : RunState::Unknown;
    const bool canChange =
        state == RunState::Running || state == RunState::Paused || state == RunState::Starting;
    m_note->setText(
        canChange ? tr("Changes take effect at the next step boundary, are logged and drawn on the curves.")
                  : tr("The run is not training. Settings can be changed while it runs."));
    for (Row &row : m_rows) {
        row.editor->setEnabled(canChange);
        row.applyButton->setEnabled(canChange && !row.editor->isInvalid() && !row.isPending);
        row.undoButton->setEnabled(canChange);
    }
}

} // namespace orrery::ui
