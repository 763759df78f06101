// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/new_run_panel.h"

#include "core/spec/data_defaults.h"
#include "core/spec/field_record.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_host.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/form/data_card.h"
#include "widgets/form/model_start.h"
#include "widgets/form/past_speeds.h"
#include "widgets/form/spec_form.h"
#include "widgets/theme/theme.h"

#include <QBoxLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QShowEvent>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSideWidth = 280, kMinTwoColumns = 760;
constexpr int kHighPanel = 760; ///< a lower one leaves the room to the form until somebody wants the cards
const auto kModelKey = u"model"_s; ///< of a draft

} // namespace

NewRunPanel::NewRunPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("New run"), parent), m_session(session), m_form(new SpecForm(this)), m_modelStart(new ModelStart(this)),
      m_estimate(new EstimateCard(this)), m_speeds(new PastSpeeds(session, this)), m_data(new DataCard(this)),
      m_fromRun(new QToolButton(this)), m_runMenu(new QMenu(m_fromRun)), m_describeTimer(new QTimer(this))
{
    setObjectName(u"newRunPanel"_s);
    m_form->setEngine(&session);
    setMinimumSize(440, 320); // below kMinTwoColumns the cards stand under the form
    QToolButton *close = addTitleButton(u"close"_s, tr("Close; what was filled in is kept (Esc)"));
    close->setObjectName(u"closeNewRun"_s);
    connect(close, &QToolButton::clicked, this, &NewRunPanel::closeRequested);

    m_fromRun->setText(tr("From run"));
    m_fromRun->setToolTip(tr("Take over the settings of a run"));
    m_fromRun->setAccessibleName(m_fromRun->toolTip());
    m_fromRun->setObjectName(u"fromRun"_s);
    m_fromRun->setPopupMode(QToolButton::InstantPopup);
    m_fromRun->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bindIcon(m_fromRun, u"chevron-down"_s);
    m_fromRun->setMenu(m_runMenu);
    connect(m_runMenu, &QMenu::aboutToShow, this, &NewRunPanel::fillRunMenu);
    m_form->addPresetWidget(m_fromRun);

    auto *side = new QWidget;
    auto *sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(0, 0, 0, 0);
    sideLayout->setSpacing(space::kOne);
    sideLayout->addWidget(m_estimate);
    sideLayout->addWidget(m_data);
    sideLayout->addStretch(1);
    auto *sideScroll = new QScrollArea(this);
    sideScroll->setObjectName(u"newRunSide"_s);
    sideScroll->setWidget(side);
    sideScroll->setWidgetResizable(true);
    sideScroll->setFrameShape(QFrame::NoFrame);
    sideScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    sideScroll->setFixedWidth(kSideWidth);
    sideScroll->viewport()->setAutoFillBackground(false);
    side->setAutoFillBackground(false);

    makeHistory();
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    m_columns = new QBoxLayout(QBoxLayout::LeftToRight);
    m_columns->setSpacing(space::kTwo);
    m_columns->addWidget(m_form, 1);
    m_columns->addWidget(makeSideRow());
    m_columns->addWidget(sideScroll);
    m_side = sideScroll;
    layout->addWidget(m_notice);
    layout->addWidget(m_modelStart);
    layout->addLayout(m_columns, 1);
    layout->addWidget(makeSeparator(content));
    layout->addWidget(makeFooter());
    setContent(content);

    m_describeTimer->setObjectName(u"describeTimer"_s);
    m_describeTimer->setSingleShot(true);
    connect(m_describeTimer, &QTimer::timeout, this, &NewRunPanel::describeNow);
    connect(m_form, &SpecForm::changed, this, &NewRunPanel::takeChange);
    connect(m_modelStart, &ModelStart::changed, this, &NewRunPanel::takeChange);
    connect(m_form, &SpecForm::committed, this, [this](const QString &key) {
        if (isDescribed(key))
            describeCommitted();
    });
    connect(m_data, &DataCard::exampleRequested, this, &NewRunPanel::useExample);
    connect(m_data, &DataCard::fixRequested, this, [this] {
        const SettingFix fix = m_data->fix(); // gone as soon as the form changes
        m_form->setGiven(fix.key, fix.value);
        describeCommitted();
    });
    connect(&session, &EngineSession::runsChanged, this, &NewRunPanel::updateEstimate);
    connect(m_speeds, &PastSpeeds::changed, this, &NewRunPanel::updateEstimate);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        m_question.clear();
        takeChange();
        askForPlugins();
    });
    adoptFrame();
    takeChange();
    askForPlugins();
}

void NewRunPanel::adoptFrame()
{
    const QString draft = u"draft"_s;
    PanelExport what;
    what.fileName = u"spec"_s;
    what.data = {u"json"_s};
    what.save = [this](const QString &path) { return saveTextFile(draftJson(), path); };
    what.table = [this] { return draftJson(); };
    setExport(std::move(what));
    setView({u"new-run"_s, [this, draft] { return QVariantMap{{draft, draftJson()}}; },
             [this, draft](const QVariantMap &state) {
                 const QString json = state.value(draft).toString();
                 if (!json.isEmpty()) replace(tr("Settings of a link were taken."), [this, json] { applyDraft(json); });
             }});
    setCommand([this] { return command(); });
    setHelp(tr(
        "Everything that decides a training. Empty fields use what stands in them in grey; the estimate at "
        "the side follows. Data are enough to begin with.\n\nNothing is written before Start, and what was "
        "filled in is kept. What a preset, a run, a model or a reset replaced comes back with Ctrl+Z."));
}

void NewRunPanel::askForPlugins()
{
    if (m_session.connectionState() != ConnectionState::Connected) return;
    m_session.listPlugins(this, [this](Result<PluginListingValue> listing) {
        if (listing)
            setPlugins(
                listing->plugins); // an engine that is too old for it has none; the Plugins page says so
    });
}

void NewRunPanel::setPlugins(const std::vector<PluginInfo> &plugins)
{
    const auto sameSettings = [](const PluginInfo &one, const PluginInfo &other) {
        return pluginFieldsToText(one.settings) == pluginFieldsToText(other.settings);
    };
    const std::vector<PluginInfo> &now = m_form->table()->plugins();
    const bool isSame = std::equal(now.begin(), now.end(), plugins.begin(), plugins.end(),
                                   [&](const PluginInfo &one, const PluginInfo &other) {
                                       return one.id == other.id && one.version == other.version &&
                                              one.state == other.state && one.reason == other.reason &&
                                              one.provides == other.provides &&
                                              one.requirements == other.requirements &&
                                              sameSettings(one, other);
                                   });
    if (!isSame) m_form->setTable(FieldTable::withPlugins(plugins));
}

/// What the run will cost in one line, and the button that shows the cards. Only where they stand under the form.
QWidget *NewRunPanel::makeSideRow()
{
    m_sideRow = new QWidget(this);
    m_sideButton = new QToolButton(m_sideRow);
    m_sideButton->setText(tr("Estimate"));
    m_sideButton->setAccessibleName(tr("Show the estimate and what the data are"));
    m_sideButton->setToolTip(m_sideButton->accessibleName());
    m_sideButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_sideButton->setAutoRaise(true);
    m_sideButton->setCheckable(true);
    m_sideButton->setObjectName(u"showEstimate"_s);
    m_sideText = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, m_sideRow);
    m_sideText->setObjectName(u"estimateLine"_s);
    auto *layout = new QHBoxLayout(m_sideRow);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_sideButton);
    layout->addWidget(m_sideText, 1);
    connect(m_sideButton, &QToolButton::clicked, this, [this] {
        m_isSideChosen = true;
        arrangeSide();
    });
    return m_sideRow;
}

QWidget *NewRunPanel::makeFooter()
{
    auto *footer = new QWidget(this);
    m_reason = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, footer);
    m_reason->setObjectName(u"startReason"_s);
    m_showProblem = new QToolButton(footer);
    m_showProblem->setText(tr("Go to the field"));
    m_showProblem->setProperty("toggle", true); // with an edge
    m_showProblem->setToolTip(tr("Go to the field that needs a look"));
    m_showProblem->setObjectName(u"showProblem"_s);
    m_resetAll = new QPushButton(tr("Reset all"), footer);
    m_resetAll->setProperty("flat", true);
    m_resetAll->setObjectName(u"resetAll"_s);
    m_start = new QPushButton(tr("Start training"), footer);
    m_start->setObjectName(u"startTraining"_s);
    makePrimary(m_start);
    auto *layout = new QHBoxLayout(footer);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_reason, 1);
    layout->addWidget(m_showProblem);
    layout->addWidget(m_resetAll);
    layout->addWidget(m_start);
    connect(m_showProblem, &QToolButton::clicked, this,
            [this] { m_form->showField(m_form->firstProblem().first); });
    connect(m_resetAll, &QPushButton::clicked, this, [this] {
        replace(tr("All settings were reset."), [this] {
            m_modelStart->setModel({});
            m_form->resetAll();
        });
    });
    connect(m_start, &QPushButton::clicked, this, &NewRunPanel::start);
    return footer;
}

void NewRunPanel::setExamplePath(std::function<QString()> provider)
{
    m_example = std::move(provider);
    m_form->setExamplePath(m_example);
    m_data->setExampleOffered(m_example != nullptr);
}

void NewRunPanel::useExample()
{
    if (m_example) m_form->setGiven(u"data.path"_s, m_example());
}

QString NewRunPanel::command() const
{
    QString command = fromStd(specToCommand(m_form->builder()));
    if (!m_modelStart->model().isEmpty()) command += u" --from "_s + shellQuoted(m_modelStart->model());
    return command + hostOption();
}

QString NewRunPanel::draftJson() const
{
    if (m_modelStart->model().isEmpty()) return m_form->draftJson();
    QJsonObject draft = QJsonDocument::fromJson(m_form->draftJson().toUtf8()).object();
    draft.insert(kModelKey, m_modelStart->model());
    return QString::fromUtf8(QJsonDocument(draft).toJson(QJsonDocument::Compact));
}

void NewRunPanel::restoreDraft(const QString &json)
{
    m_history.clear();
    m_notice->clear();
    updateHistory();
    applyDraft(json);
}

void NewRunPanel::applyDraft(const QString &json)
{
    m_form->restoreDraft(json);
    m_modelStart->setModel(QJsonDocument::fromJson(json.toUtf8()).object().value(kModelKey).toString());
    // The draft may have been left in the middle of a word.
    if (auto *path = qobject_cast<QLineEdit *>(m_form->editor(u"data.path"_s)->control()))
        path->setModified(true);
    m_question.clear();
    describeLater();
}

void NewRunPanel::takeChange()
{
    describeLater();
    updateEstimate();
    updateStart();
    Q_EMIT draftChanged();
}

void NewRunPanel::updateEstimate()
{
    RunSpec spec = m_form->builder().preview();
    m_speeds->read(m_form->table(), spec.device);
    // What 0 becomes under a desktop.
    if (spec.threads == 0) spec.threads = std::max(1, m_session.engine().numCores - 1);
    // Without a number of its own a model has as many ids as its tokenizer, which the engine has read.
    if (spec.data.vocabSize == 0) spec.data.vocabSize = m_data->vocabSize();
    m_estimate->setEstimate(spec, *m_form->table(), m_speeds->measured(*m_form->table(), spec.device),
                            m_session.engine().memoryBytes, m_data->numTrainTokens());
    m_sideText->setFullText(m_estimate->summaryLine());
    m_sideText->setTone(m_estimate->exceedsMemory() ? Tone::Error : Tone::Secondary);
}

void NewRunPanel::updateStart()
{
    QString reason;
    Tone tone = Tone::Secondary;
    const auto [key, message] = m_form->firstProblem();
    if (m_isStarting)
        reason = tr("Starting …");
    else if (m_modelRequest)
        reason = tr("Reading the model …");
    else if (m_session.connectionState() != ConnectionState::Connected)
        reason = tr("The engine is not connected.");
    else if (key == u"data.path" && m_form->builder().preview().data.path.empty())
        reason = tr("Choose the data to train on.");
    else if (!m_form->isValid()) {
        QStringList labels;
        for (const QString &wrong : m_form->problemKeys()) {
            const Field *field = m_form->table()->find(toStd(wrong));
            labels << (field ? fieldLabel(*field) : wrong);
        }
        reason = labels.size() == 1
                     ? tr("%1 needs a look.").arg(labels.first())
                     : tr("%1 settings need a look: %2.").arg(labels.size()).arg(labels.join(u", "_s));
        tone = Tone::Error;
    }
    m_start->setEnabled(reason.isEmpty());
    m_start->setToolTip(reason.isEmpty() ? tr("Creates the run and starts it (Ctrl+Enter)") : reason);
    m_showProblem->setVisible(!m_form->isValid() && !m_isStarting);
    m_reason->setTone(tone);
    m_reason->setFullText(reason);
    setSummary(reason.isEmpty() ? tr("The run can be started.") : reason);
}

void NewRunPanel::start()
{
    if (!m_start->isEnabled()) return;
    const Result<RunSpec> spec = m_form->builder().build();
    if (!spec) {
        banner()->showError(spec.error());
        return;
    }
    banner()->clear();
    m_isStarting = true;
    updateStart();
    const QString json = fromStd(specToJson(*spec));
    const auto take = [this](const Result<RunStatus> &reply) { takeCreated(reply); };
    if (m_modelStart->model().isEmpty())
        m_session.createRun(json, QString(), true, this, take);
    else
        m_modelRequest = m_session.createRunFrom(m_modelStart->model(), json, true, this, take);
}

void NewRunPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT closeRequested();
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) &&
        (event->modifiers() & Qt::ControlModifier)) {
        start();
        return;
    }
    PanelFrame::keyPressEvent(event);
}

void NewRunPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    if (!event->spontaneous()) askForPlugins(); // one may have been installed since
    if (m_isUnasked) startDescribing();
}

void NewRunPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    arrangeSide();
}

/// Beside the form where it is wide, else under it: open in a high panel, in a low one a line that opens it.
void NewRunPanel::arrangeSide()
{
    const bool isWide = width() >= kMinTwoColumns;
    // What the data ask for is not hidden.
    if (!m_isSideChosen) m_sideButton->setChecked(height() >= kHighPanel || !m_data->fix().key.isEmpty());
    const bool isOpen = m_sideButton->isChecked();
    bindIcon(m_sideButton, isOpen ? u"chevron-down"_s : u"chevron-right"_s);
    m_sideButton->setAccessibleDescription(isOpen ? tr("open") : tr("closed"));
    m_columns->setDirection(isWide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    m_columns->setSpacing(isWide ? space::kTwo : space::kHalf);
    m_sideRow->setVisible(!isWide);
    m_sideText->setVisible(!isOpen); // the card says it
    m_side->setVisible(isWide || isOpen);
    m_side->setMinimumWidth(isWide ? kSideWidth : 0);
    m_side->setMaximumWidth(isWide ? kSideWidth : QWIDGETSIZE_MAX);
    m_side->setMaximumHeight(isWide ? QWIDGETSIZE_MAX : height() / 3);
}

} // namespace orrery::ui
