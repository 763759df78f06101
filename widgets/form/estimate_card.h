// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, live beside the form: parameters, memory, tokens, time, on which assumption, and how
// much of it each module takes. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"

#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/spec/run_time.h"

#include <vector>

namespace orrery::ui {

class KeyValueGrid;
class ModuleCostTable;
class ToneLabel;

class EstimateCard : public PanelFrame {
    Q_OBJECT
public:
    explicit EstimateCard(QWidget *parent = nullptr);
    /// @param spec with the threads that it will get  @param table knows what the parts of plugins cost
    /// @param past trainings of this machine, the newest first  @param memoryBytes of the machine, 0 when not known
    /// @param trainTokens of the text, 0 when not known
    void setEstimate(const RunSpec &spec, const FieldTable &table, const std::vector<PastSpeed> &past,
                     quint64 memoryBytes, quint64 trainTokens);
    [[nodiscard]] const RunEstimate &estimate() const { return m_estimate; }
    [[nodiscard]] const TimeEstimate &time() const { return m_time; }
    [[nodiscard]] KeyValueGrid *numbers() const
    {
        return m_numbers;
    } ///< its text has that of the modules behind it
    [[nodiscard]] ModuleCostTable *modules() const { return m_modules; }
    [[nodiscard]] bool exceedsMemory() const { return m_exceedsMemory; }
    /// In one line: parameters, memory, time.
    [[nodiscard]] QString summaryLine() const;

private:
    void showTime(const RunSpec &spec);

    RunEstimate m_estimate;
    TimeEstimate m_time;
    ModuleCostTable *m_modules;
    KeyValueGrid *m_numbers;
    QWidget *m_separator;
    ToneLabel *m_warning, *m_assumption;
    bool m_exceedsMemory = false, m_isTimeKnown = false;
};

} // namespace orrery::ui
