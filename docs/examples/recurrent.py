import torch
from validate_mps import validate

torch.manual_seed(0)
x = torch.randn(2, 11, 16)  # batch, time, features
lstm = torch.nn.LSTM(16, 32, num_layers=2, batch_first=True, bidirectional=True)
gru = torch.nn.GRU(16, 32, num_layers=2, batch_first=True)
for name, model in (("LSTM", lstm), ("GRU", gru)):
    print(validate(model, x, device="mps", name=name))
