// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/spec_form.h"

#include "core/spec/data_defaults.h"
#include "core/spec/estimate.h"
#include "core/spec/idle_settings.h"
#include "core/spec/plugin_use.h"
#include "core/spec/schedule.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QGridLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QScrollArea>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxSectionWidth = 680; // longer lines are harder to follow from label to field
constexpr int kMinLabelWidth = 150;
const QString kPresetKey = u"model.preset"_s;
const QString kPathKey = u"data.path"_s;

/// Groups in the order in which one decides; the table's own order follows for any other.
std::vector<QString> groupOrder(const FieldTable &table)
{
    std::vector<QString> order = {u"Data"_s, u"Model"_s, u"Training"_s};
    for (const Field &field : table.fields())
        if (std::find(order.begin(), order.end(), fromStd(field.group)) == order.end())
            order.push_back(fromStd(field.group));
    return order;
}

/// What a default like 0 or -1 comes to under the present values.
QString resolvedDefault(const QString &key, const RunSpec &spec)
{
    const ResolvedSchedule schedule = resolveSchedule(spec.schedule, spec.train.steps);
    if (key == u"name") return SpecForm::tr("from data and preset");
    if (key == kPathKey) return SpecForm::tr("file, folder or gen:shapes");
    if (key == u"schedule.warmup_steps" && spec.schedule.warmupSteps < 0)
        return SpecForm::tr("%1, by the schedule").arg(schedule.warmupSteps);
    if (key == u"schedule.cycle_steps" && spec.schedule.cycleSteps < 0)
        return schedule.numCycles > 1 ? SpecForm::tr("%1, by the schedule").arg(schedule.cycleSteps)
                                      : SpecForm::tr("by the schedule");
    if (key == u"schedule.total_steps" && spec.schedule.totalSteps == 0)
        return SpecForm::tr("%1, as the run").arg(spec.train.steps);
    if (key == u"data.vocab_size" && spec.data.vocabSize == 0)
        return spec.data.tokenizer.ends_with(".json") // which only the engine reads
                   ? SpecForm::tr("as the tokenizer")
                   : SpecForm::tr("%1, as the tokenizer").arg(byteVocabSize(spec.data));
    if (key == u"model.ffn_width" && spec.model.ffnWidth == 0)
        return SpecForm::tr("%1, by the width").arg(feedForwardWidth(spec.model));
    if (key == u"probes.overview_every" && spec.probes.overviewEvery < 0 && spec.probes.framesEvery > 0)
        return spec.probes.starred.empty()
                   ? SpecForm::tr("%1, as no head is starred").arg(spec.probes.overviewInterval())
                   : SpecForm::tr("%1, as heads are starred").arg(spec.probes.overviewInterval());
    if (key == u"continual.stages") return SpecForm::tr("none");
    if (key == u"threads" && spec.threads == 0) return SpecForm::tr("automatic");
    return {};
}

} // namespace

SpecForm::SpecForm(QWidget *parent)
    : QWidget(parent), m_table(FieldTable::builtIn()), m_builder(m_table),
      m_presets(new SegmentedChoice(this)), m_search(new QLineEdit(this)), m_scroll(new QScrollArea(this)),
      m_noMatch(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this))
{
    setObjectName(u"specForm"_s);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    makePresets(layout);
    m_search->setAccessibleName(tr("Search settings"));
    m_search->setClearButtonEnabled(true);
    m_search->setObjectName(u"formSearch"_s);
    layout->addWidget(m_search);

    auto *content = new QWidget;
    content->setObjectName(u"formContent"_s);
    auto *groups = new QVBoxLayout(content);
    groups->setContentsMargins(0, 0, space::kOne, 0);
    groups->setSpacing(space::kTwo);
    m_groupLayout = new QVBoxLayout;
    m_groupLayout->setSpacing(space::kTwo);
    groups->addLayout(m_groupLayout);
    makeGroups();
    m_noMatch->setWordWrap(true);
    m_noMatch->hide();
    groups->addWidget(m_noMatch);
    groups->addStretch(1);
    m_scroll->setWidget(content);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    layout->addWidget(m_scroll, 1);
    connect(m_search, &QLineEdit::textChanged, this, &SpecForm::arrange);
    connect(&Theme::instance(), &Theme::changed, this, &SpecForm::alignGroups);
    refresh();
}

void SpecForm::makePresets(QVBoxLayout *layout)
{
    m_presets->setObjectName(u"field_"_s + kPresetKey);
    m_presets->setAccessibleName(tr("Preset"));
    for (const std::string &name : presetNames()) {
        RunSpec spec;
        applyPreset(spec, name);
        const auto size = static_cast<double>(estimateRun(spec, byteVocabSize(spec.data), 0).numParameters);
        m_presets->addChoice(fromStd(name), fromStd(name) + u"  "_s + countText(size),
                             fromStd(presetSummary(name)));
    }
    m_presetRow = new QHBoxLayout;
    m_presetRow->setSpacing(space::kHalf);
    // Above them, with what stands beside it: in a narrow form there is no room for all in one row.
    m_presetTitle = new ToneLabel(tr("Preset"), Tone::Secondary, TypeSize::Base, this);
    m_presetTitle->setObjectName(u"presetTitle"_s);
    m_presetRow->addWidget(m_presetTitle, 1);
    layout->addLayout(m_presetRow);
    layout->addWidget(m_presets);
    connect(m_presets, &SegmentedChoice::chosen, this, [this](const QString &id) {
        Q_EMIT presetAboutToChange();
        if (id == fromStd(RunSpec{}.model.preset))
            m_builder.reset(toStd(kPresetKey));
        else
            (void)m_builder.setText(toStd(kPresetKey), toStd(id));
        refresh();
        Q_EMIT presetChosen(id);
    });
}

void SpecForm::addPresetWidget(QWidget *widget) { m_presetRow->addWidget(widget); }

void SpecForm::setTable(FieldTable::Ptr table)
{
    const QString draft = draftJson();
    const QWidget *focused = focusWidget();
    const QString focusedName = focused && focused->hasFocus() ? focused->objectName() : QString();
    removeGroups();
    m_table = std::move(table);
    makeGroups();
    restoreDraft(draft);
    if (!focusedName.isEmpty())
        if (auto *again = findChild<QWidget *>(focusedName)) again->setFocus(Qt::OtherFocusReason);
}

void SpecForm::removeGroups()
{
    for (const Group &group : m_groups) delete group.section;
    m_groups.clear();
    m_rows.clear();
}

void SpecForm::makeGroups()
{
    m_search->setPlaceholderText(tr("Search %1 settings").arg(m_table->fields().size()));
    m_rows.reserve(m_table->fields().size());
    for (const QString &name : groupOrder(*m_table)) {
        const int index = static_cast<int>(m_groups.size());
        auto *section = new QWidget(this);
        const QString title = fieldText(toStd(name));
        section->setAccessibleName(title);
        section->setMaximumWidth(kMaxSectionWidth);
        auto *sectionLayout = new QVBoxLayout(section);
        sectionLayout->setContentsMargins(0, 0, 0, 0);
        sectionLayout->setSpacing(space::kHalf);
        sectionLayout->addWidget(new ToneLabel(title, Tone::Text, TypeSize::Heading, section));
        auto *grid = new QGridLayout;
        grid->setHorizontalSpacing(space::kOne);
        grid->setVerticalSpacing(space::kHalf);
        grid->setColumnMinimumWidth(2, 36); // of a reset button, shown or not
        grid->setColumnStretch(1, 1);
        sectionLayout->addLayout(grid);
        auto *more = makeIconButton(u"chevron-right"_s, tr("Show more settings of %1").arg(title), section);
        more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        more->setObjectName(u"more_"_s + name);
        sectionLayout->addWidget(more, 0, Qt::AlignLeft);
        m_groups.push_back({name, section, grid, more});
        connect(more, &QToolButton::clicked, this, [this, index] {
            Group &group = m_groups[static_cast<size_t>(index)];
            group.isUnfolded = !group.isUnfolded;
            arrange();
        });
        for (const Field &field : m_table->fields())
            if (fromStd(field.group) == name && fromStd(field.key) != kPresetKey) addRow(field, index);
        m_groupLayout->addWidget(section);
    }
    if (m_examplePath) editor(kPathKey)->setExamplePath(m_examplePath);
}

void SpecForm::addRow(const Field &field, int group)
{
    const QString key = fromStd(field.key);
    QWidget *section = m_groups[static_cast<size_t>(group)].section;
    QGridLayout *grid = m_groups[static_cast<size_t>(group)].grid;
    const QString search = QString(key + u' ' + fieldText(field.label) + u' ' + fieldText(field.group) + u' ' +
                                   fieldText(field.effect))
                               .toLower();
    Row row{&field,
            key,
            search,
            new ToneLabel(fieldLabel(field), Tone::Text, TypeSize::Base, section),
            new FieldEditor(field, section),
            makeIconButton(u"undo"_s, tr("Reset %1").arg(fieldLabel(field).toLower()), section),
            new ToneLabel(QString(), Tone::Error, TypeSize::Small, section),
            group};
    row.label->setToolTip(fieldToolTip(field));
    row.label->setBuddy(row.editor->control());
    row.editor->setEngine(m_engine);
    row.reset->setObjectName(u"reset_"_s + key);
    row.error->setObjectName(u"error_"_s + key);
    row.error->setWordWrap(true);
    row.error->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row.error->hide();
    row.reset->hide();
    const int line = grid->rowCount();
    grid->addWidget(row.label, line, 0);
    grid->addWidget(row.editor, line, 1);
    grid->addWidget(row.reset, line, 2);
    grid->addWidget(row.error, line + 1, 1, 1, 2);
    m_rows.push_back(row);
    connect(row.editor, &FieldEditor::edited, this, [this, key] {
        Row *edited = this->row(key);
        edited->isTouched = true;
        m_outside.remove(key);
        takeEdit(*edited);
        refresh();
    });
    connect(row.editor, &FieldEditor::committed, this, [this, key] { Q_EMIT committed(key); });
    connect(row.reset, &QToolButton::clicked, this, [this, key] {
        resetField(key);
        editor(key)->control()->setFocus(Qt::OtherFocusReason);
    });
}

SpecForm::Row *SpecForm::row(const QString &key)
{
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [&](const Row &row) { return row.key == key; });
    return found == m_rows.end() ? nullptr : &*found;
}

const SpecForm::Row *SpecForm::row(const QString &key) const
{
    return const_cast<SpecForm *>(this)->row(key);
}

FieldEditor *SpecForm::editor(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->editor : nullptr;
}

void SpecForm::takeEdit(Row &row)
{
    const FieldType type = row.field->type;
    // Choosing what holds anyway is no choice; typing it is.
    if ((type == FieldType::Choice || type == FieldType::Bool) &&
        row.editor->givenText() == row.editor->defaultText())
        row.editor->setGivenText(std::nullopt);
    const std::string key = row.field->key;
    m_unreadable.remove(row.key);
    const std::optional<QString> given = row.editor->givenText();
    if (!given) {
        m_builder.reset(key);
        return;
    }
    if (const Result<void> taken = m_builder.setText(key, toStd(*given)); !taken) {
        m_builder.reset(key);
        m_unreadable.insert(row.key, errorText(taken.error()));
    }
}

void SpecForm::setGiven(const QString &key, const QString &text)
{
    if (key == kPresetKey) {
        (void)m_builder.setText(toStd(key), toStd(text));
    } else if (Row *target = row(key)) {
        target->editor->setGivenText(text);
        m_outside.remove(key);
        takeEdit(*target);
    }
    refresh();
}

void SpecForm::resetField(const QString &key)
{
    Row *target = row(key);
    target->editor->setGivenText(std::nullopt);
    target->isTouched = false;
    m_outside.remove(key);
    takeEdit(*target);
    refresh();
}

void SpecForm::resetAll()
{
    m_unknown.clear();
    setBuilder(SpecBuilder(m_table));
}

void SpecForm::setBuilder(const SpecBuilder &builder)
{
    m_builder = builder;
    m_unreadable.clear();
    m_outside.clear();
    const RunSpec spec = builder.preview();
    for (Row &row : m_rows) {
        row.isTouched = false;
        row.editor->setGivenText(builder.isExplicit(row.field->key)
                                     ? std::optional(fromStd(fieldValueText(row.field->get(spec))))
                                     : std::nullopt);
    }
    refresh();
}

void SpecForm::setOutsideProblem(const QString &key, const QString &message)
{
    if (m_outside.value(key) == message) return;
    if (message.isEmpty())
        m_outside.remove(key);
    else
        m_outside.insert(key, message);
    refresh();
}

void SpecForm::refresh()
{
    const RunSpec preview = m_builder.preview();
    RunSpec defaults;
    applyPreset(defaults, preview.model.preset);
    defaults.data.path = preview.data.path;
    applyDataDefaults(defaults);
    defaults.data.path.clear();
    const QString preset = fromStd(preview.model.preset);
    const bool isChanged = isModelChanged(defaults, preview);
    m_presets->setCurrent(isChanged ? QString() : preset); // the sizes on it are not those of this model
    m_presetTitle->setText(isChanged ? tr("Preset: %1, changed").arg(preset) : tr("Preset"));
    m_usedPlugins = pluginsUsedBy(preview, *m_table);
    showDefaults(defaults, preview);
    showProblems(preview);
    arrange();
    Q_EMIT changed();
}

/// In what a preset decides of a model: not in its dropout, nor in how it trains.
bool SpecForm::isModelChanged(const RunSpec &defaults, const RunSpec &preview) const
{
    RunSpec asPreset = preview;
    applyPreset(asPreset, preview.model.preset);
    return std::any_of(m_rows.begin(), m_rows.end(), [&](const Row &row) {
        if (!row.key.startsWith("model."_L1)) return false;
        const FieldValue value = row.field->get(preview);
        return value != row.field->get(defaults) && value != row.field->get(asPreset);
    });
}

void SpecForm::showDefaults(const RunSpec &defaults, const RunSpec &preview)
{
    for (Row &row : m_rows) {
        row.editor->setDefaultText(fromStd(fieldValueText(row.field->get(defaults))));
        row.editor->setPlaceholder(resolvedDefault(row.key, preview));
        const bool isGiven = row.editor->givenText().has_value();
        row.label->setTypeSize(isGiven ? TypeSize::Heading : TypeSize::Base);
        row.reset->setVisible(isGiven);
        const QString value = row.editor->defaultText();
        row.reset->setToolTip(value.isEmpty() ? tr("Clear") : tr("Reset to %1").arg(value));
    }
}

void SpecForm::showProblems(const RunSpec &preview)
{
    m_problems = m_unreadable;
    for (auto it = m_outside.cbegin(); it != m_outside.cend(); ++it)
        if (!m_problems.contains(it.key())) m_problems.insert(it.key(), it.value());
    for (const FieldProblem &problem : findProblems(preview, *m_table)) {
        const QString key = fromStd(problem.key);
        if (!m_problems.contains(key)) m_problems.insert(key, errorText(problem.error));
    }
    QMap<QString, QString> idle; ///< no problems: the run can be made
    for (const FieldProblem &problem : findIdleSettings(m_builder, preview)) idle.insert(fromStd(problem.key), errorText(problem.error));
    for (Row &row : m_rows) {
        QString message = m_problems.value(row.key);
        // A form that was just opened does not shout about what was not filled in yet; Start says why it
        // waits.
        if (row.key == kPathKey && preview.data.path.empty() && !row.isTouched) message.clear();
        row.editor->setInvalid(!message.isEmpty());
        row.editor->control()->setAccessibleDescription(message.isEmpty() ? fieldText(row.field->effect)
                                                                          : message);
        const QString note = message.isEmpty() ? idle.value(row.key) : QString();
        row.error->setTone(note.isEmpty() ? Tone::Error : Tone::Warning);
        row.error->setText(message + note); // one of them
    }
}

/// Fields of all groups begin at one edge, which stays where it is when a label becomes bold.
void SpecForm::alignGroups()
{
    const QFontMetrics metrics(typeFont(TypeSize::Heading));
    int width = kMinLabelWidth;
    for (const Row &row : m_rows)
        if (!row.label->isHidden())
            width = std::max(width, metrics.horizontalAdvance(row.label->text()) + space::kHalf);
    for (const Group &group : m_groups) group.grid->setColumnMinimumWidth(0, width);
}

void SpecForm::arrange()
{
    const QString wanted = m_search->text().trimmed().toLower();
    std::vector<int> numShown(m_groups.size()), numFolded(m_groups.size()), numAdvanced(m_groups.size());
    for (const Row &row : m_rows) {
        const auto group = static_cast<size_t>(row.group);
        const bool hasNews = row.editor->givenText().has_value() || !row.error->text().isEmpty();
        bool isShown = !row.field->advanced || m_groups[group].isUnfolded || hasNews;
        const bool isOfUnused =
            !row.field->plugin.empty() && !hasNews &&
            std::find(m_usedPlugins.begin(), m_usedPlugins.end(), row.field->plugin) == m_usedPlugins.end();
        if (isOfUnused) isShown = false;
        if (!wanted.isEmpty())
            isShown = row.searchText.contains(wanted) && !isOfUnused;
        else if (row.field->advanced && !hasNews && !isOfUnused)
            numAdvanced[group] += 1;
        if (!isShown && wanted.isEmpty() && !isOfUnused) numFolded[group] += 1;
        numShown[group] += isShown ? 1 : 0;
        row.label->setVisible(isShown);
        row.editor->setVisible(isShown);
        row.reset->setVisible(isShown && row.editor->givenText().has_value());
        row.error->setVisible(isShown && !row.error->text().isEmpty());
    }
    alignGroups();
    bool hasMatch = false;
    for (size_t i = 0; i < m_groups.size(); ++i) {
        Group &group = m_groups[i];
        hasMatch = hasMatch || numShown[i] > 0;
        group.section->setVisible(numShown[i] > 0 || numFolded[i] > 0);
        group.more->setVisible(wanted.isEmpty() && numAdvanced[i] > 0);
        bindIcon(group.more, group.isUnfolded ? u"chevron-down"_s : u"chevron-right"_s);
        group.more->setText(group.isUnfolded    ? tr("Fewer settings")
                            : numFolded[i] == 1 ? tr("1 more setting")
                                                : tr("%1 more settings").arg(numFolded[i]));
        group.more->setAccessibleName(group.name + u": "_s + group.more->text());
    }
    m_noMatch->setText(
        tr("No setting has “%1” in its name, key or description.").arg(m_search->text().trimmed()));
    m_noMatch->setVisible(!hasMatch && !wanted.isEmpty());
}

std::pair<QString, QString> SpecForm::firstProblem() const
{
    const QStringList keys = problemKeys();
    if (keys.isEmpty()) return {};
    return {keys.first(), m_problems.value(keys.first())};
}

QStringList SpecForm::problemKeys() const
{
    QStringList keys;
    for (const Row &row : m_rows)
        if (m_problems.contains(row.key)) keys << row.key;
    // Of settings that have no row, such as those of a plugin that is not here.
    for (auto it = m_problems.cbegin(); it != m_problems.cend(); ++it)
        if (!keys.contains(it.key())) keys << it.key();
    return keys;
}

QString SpecForm::shownError(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->error->text() : QString();
}

bool SpecForm::isRowShown(const QString &key) const
{
    const Row *found = row(key);
    return found && !found->editor->isHidden() &&
           !m_groups[static_cast<size_t>(found->group)].section->isHidden();
}

void SpecForm::showField(const QString &key)
{
    const Row *found = row(key);
    if (!found) return;
    m_search->clear();
    if (found->field->advanced) m_groups[static_cast<size_t>(found->group)].isUnfolded = true;
    arrange();
    // After the layout has given unfolded rows their place.
    QTimer::singleShot(0, found->editor, [this, editor = found->editor] {
        m_scroll->ensureWidgetVisible(editor, 0, 60);
        editor->control()->setFocus(Qt::OtherFocusReason);
    });
}

void SpecForm::setEngine(const EngineSession *engine)
{
    m_engine = engine;
    for (const Row &row : m_rows) row.editor->setEngine(engine);
}

void SpecForm::setExamplePath(const std::function<QString()> &provider)
{
    m_examplePath = provider;
    editor(kPathKey)->setExamplePath(provider);
}

QString SpecForm::draftJson() const
{
    QJsonObject texts;
    if (m_builder.isExplicit(toStd(kPresetKey))) texts.insert(kPresetKey, fromStd(m_builder.preview().model.preset));
    for (const Row &row : m_rows)
        if (const auto given = row.editor->givenText()) texts.insert(row.key, *given);
    for (auto it = m_unknown.cbegin(); it != m_unknown.cend(); ++it) texts.insert(it.key(), it.value());
    return QString::fromUtf8(
        QJsonDocument(QJsonObject{{u"version"_s, 1}, {u"texts"_s, texts}}).toJson(QJsonDocument::Compact));
}

void SpecForm::restoreDraft(const QString &json)
{
    const QJsonObject texts = QJsonDocument::fromJson(json.toUtf8()).object().value("texts"_L1).toObject();
    m_builder = SpecBuilder(m_table);
    m_unreadable.clear();
    m_outside.clear();
    m_unknown.clear();
    // Keys of another version, or of plugins that this engine may still tell of, wait for a table that knows
    // them.
    for (auto it = texts.begin(); it != texts.end(); ++it)
        if (!m_table->find(toStd(it.key()))) m_unknown.insert(it.key(), it.value().toString());
    // The preset decides the defaults of all others and goes first.
    if (texts.contains(kPresetKey))
        (void)m_builder.setText(toStd(kPresetKey), toStd(texts.value(kPresetKey).toString()));
    for (Row &row : m_rows) {
        const bool isGiven = texts.contains(row.key);
        row.isTouched = isGiven;
        row.editor->setGivenText(isGiven ? std::optional(texts.value(row.key).toString()) : std::nullopt);
        if (isGiven) takeEdit(row);
    }
    refresh();
}

} // namespace orrery::ui
