# Settings of seconds for the tests, and what each example must reach with them.
set(small_lenet --epochs 2 --expect 0.6)
set(small_resnet --epochs 1 --expect 0.6)
set(small_vae --epochs 4 --expect 27)
set(small_pinn --steps 1500 --error 0.1)
set(small_graph_network --nodes 400 --steps 250 --accuracy 0.7)
# Bits per character: less than by counting pairs, 3.52.
set(small_charlm --bytes 20000 --embedding 8 --hidden 32 --streams 4 --steps 16 --epochs 8 --generate 80 --goal 3.5)
set(small_gpt --bytes 20000 --width 32 --heads 2 --layers 1 --context 16 --batch 4 --steps 600 --generate 80 --goal 3.5)
