// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, live beside the form: parameters, memory, tokens, time, and on which assumption. GUI
// thread only.
#pragma once

#include "widgets/common/panel_frame.h"

#include "core/spec/estimate.h"
#include "core/spec/field_table.h"

namespace orrery::ui {

class KeyValueGrid;
class ToneLabel;

/// What a machine sustains, and where the figure comes from.
struct SpeedAssumption {
    double flopsPerSecond = 60e9;
    QString source; ///< "60 GFLOP/s, assumed for a processor that has not trained yet"
};

class EstimateCard : public PanelFrame {
    Q_OBJECT
public:
    explicit EstimateCard(QWidget *parent = nullptr);
    /// @param table knows what the parts of plugins cost  @param memoryBytes of the machine, 0 when not known
    /// @param trainTokens of the text, 0 when not known
    void setEstimate(const RunSpec &spec, const FieldTable &table, const SpeedAssumption &speed,
                     quint64 memoryBytes, quint64 trainTokens);
    [[nodiscard]] const RunEstimate &estimate() const { return m_estimate; }
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }
    [[nodiscard]] bool exceedsMemory() const { return m_exceedsMemory; }

private:
    RunEstimate m_estimate;
    KeyValueGrid *m_numbers;
    ToneLabel *m_warning, *m_assumption;
    bool m_exceedsMemory = false;
};

} // namespace orrery::ui
